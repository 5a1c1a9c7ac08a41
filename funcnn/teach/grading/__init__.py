"""Marks for a class: the teacher's tests run in one process, and what a learner wrote in another, which only computes.

`wire` carries values between the two, `confinement` closes the learner's process, `learner` is its program, `proxies`
stand for the learner's functions and classes, `marking` runs the tests of a file, `grade` those of a folder.
"""
