"""The fairseq models; importing a module of this package registers its models.

A model knows no task. It is built from `task.source_dictionary`, `task.target_dictionary` and `task.max_positions()`,
which every fairseq task has; that of images also needs `task.image_size`.
"""

from ..compat import require_fairseq

require_fairseq()
