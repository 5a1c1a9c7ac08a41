"""Convolution and pooling over the places of images and sequences; `windows` and `correlation` do the work."""
