"""What the algorithmic tasks share (section 4 of the paper): problems, data sets, the fairseq task.

`problems` and `sample_source` are pure numpy.
"""
