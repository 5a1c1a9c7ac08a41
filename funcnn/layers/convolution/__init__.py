"""Convolution, pooling and upsampling over the positions of images and sequences."""
