"""What the algorithmic tasks share (section 4 of the paper): problems, random streams, data sets, the fairseq task.

`problems` and `streams` are pure numpy.
"""
