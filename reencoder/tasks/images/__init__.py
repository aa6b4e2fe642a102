"""Images with labels as MNIST comes: IDX files, splits, the data set.

`idx` and `folder` are pure numpy.
"""
