"""Faults in the tasks, the search and the criterion."""

from . import Mutant, group

MUTANTS: list[Mutant] = [
    *group(
        "reencoder/tasks/batching.py",
        "tasks_batching_and_search tasks_reencoder_translation",
        (
            "limits = (max_blocks or np.inf, max_tokens or np.inf, max_sentences or np.inf)",
            "limits = (max_blocks or np.inf, max_sentences or np.inf, max_tokens or np.inf)",
        ),
        ("cost = (count * wide * high,", "cost = (wide * high,"),
        ("value > limit for value", "value >= limit for value"),
        ("    if start < len(indices):\n        batches.append(indices[start:])\n", ""),
        ("start, wide, high = end, source, target", "start = end"),
        ("self.max_blocks, max_tokens, max_sentences)", "self.max_blocks, max_sentences, max_tokens)"),
        ("self.max_blocks, max_tokens, max_sentences)", "None, max_tokens, max_sentences)"),
    ),
    *group(
        "reencoder/tasks/reencoder_translation.py",
        "tasks_batching_and_search tasks_reencoder_translation",
        (
            "BlockBatchedPairs(self.datasets[split], self.cfg.max_blocks)",
            "BlockBatchedPairs(self.datasets[split], None)",
        ),
        ("**kwargs), self.cfg.max_blocks)", "**kwargs), None)"),
        ("generator.should_set_src_lengths = True", "pass"),
        ("MinimumLengthSearch(generator.search, self.cfg.min_len_ratio)", "MinimumLengthSearch(generator.search, 0.5)"),
        ("        set_up_training()\n", "        pass\n"),
    ),
    *group(
        "reencoder/search.py",
        "tasks_batching_and_search tasks_reencoder_translation",
        ("self.ratio * (self._src_lengths - 1)", "self.ratio * self._src_lengths"),
        ("too_short = step < self.ratio", "too_short = step <= self.ratio"),
        ("too_short[:, None] & (others > -math.inf)", "too_short[:, None]"),
        ("self.search.set_src_lengths(src_lengths)", "pass"),
        ("best = hypotheses[:, 0] + torch.arange", "best = 0 * hypotheses[:, 0] + torch.arange"),
        ("                self._ended.add(sentence)\n", "                pass\n"),
    ),
    *group(
        "reencoder/hub/searcher.py",
        "hub",
        ("self._min_len_ratio if ratio is None else ratio", "self._min_len_ratio"),
        ("return [found[index] for index in range(len(sources))]", "return list(found.values())"),
    ),
    *group(
        "reencoder/criterions/cross_entropy_with_accuracy.py",
        "tasks_algorithmic layers",
        ('counts = {"accuracy": (right & real, real)}', 'counts = {"accuracy": (right, real)}'),
        ("(right | ~real).all(dim=1) & some, some)", "right.all(dim=1) & some, some)"),
        ("counted = real & target.ne(left_out)", "counted = real"),
        ('"train_samples": sample["nsentences"] if self.training else 0', '"train_samples": sample["nsentences"]'),
        ("/ targets / math.log(2)", "/ targets"),
    ),
    *group(
        "reencoder/criterions/rdrop.py",
        "criterions_rdrop",
        ("        if passes == 1:\n            self.rdrop_alpha = 0.0\n", ""),
        ("            self.rdrop_alpha = alpha\n", "            pass\n"),
        ("            loss = loss / 2\n", ""),
        ('for name in ("loss", "nll_loss", "alignment_loss")', 'for name in ("loss", "alignment_loss")'),
    ),
    *group(
        "reencoder/criterions/rdrop.py",
        "criterions_rdrop guided_alignment",
        ('("loss", "nll_loss", "alignment_loss")', '("loss", "nll_loss")'),
        ("passes = 2 if model.training and alpha > 0 else 1", "passes = 1"),
        (' * sample["align_weights"]', ""),
        ("self.alignment_lambda * alignment_loss", "alignment_loss"),
        ("unflatten(0, (passes, -1)).flatten(1, 2)", "unflatten(0, (-1, passes)).transpose(0, 1).flatten(1, 2)"),
    ),
    *group(
        "reencoder/tasks/alignments.py",
        "guided_alignment",
        ("[upsample_primary] + [1]", "[1] + [1]"),
        ("(number and not combine) or ", ""),
    ),
    *group(
        "reencoder/tasks/algorithmic/problems.py",
        "tasks_algorithmic_problems",
        (
            "operands[:, :, 0] = 1 + below(words.reshape(n, 2, k)[:, :, 0], 9)",
            "operands[:, :, 0] = below(words.reshape(n, 2, k)[:, :, 0], 9)",
        ),
        ("total[:, column - 1] += total[:, column] // 10", "pass"),
        ("total[short] = np.roll(total[short], -1, axis=1)", "pass"),
        ("target[:, self.length + 1 : -1] = drawn", "target[:, self.length + 1 : -1] = drawn[:, ::-1]"),
        ("bits.sum(axis=1, keepdims=True) % 2", "1 - bits.sum(axis=1, keepdims=True) % 2"),
    ),
    *group(
        "reencoder/tasks/algorithmic/streams.py",
        "tasks_algorithmic",
        (
            "np.random.Philox(key=np.array([seed, split], dtype=np.uint64))",
            "np.random.Philox(key=np.array([seed, 0], dtype=np.uint64))",
        ),
        ("np.array([attempt * steps, index, epoch, 0]", "np.array([attempt * steps, index, 0, 0]"),
        ("np.array([attempt * steps, index, epoch, 0]", "np.array([0, index, epoch, 0]"),
        ("                if row.tobytes() not in self._held_out:\n", "                if True:\n"),
        ("while source[position].tobytes() in self._held_out:", "while False:"),
        ("self._train = Stream(seed, TRAIN, problem.words)", "self._train = Stream(seed, VALID, problem.words)"),
        (
            "self.test = self._hold_out(Stream(valid_seed, TEST, problem.words)",
            "self.test = self._hold_out(Stream(valid_seed, VALID, problem.words)",
        ),
    ),
    *group(
        "reencoder/tasks/algorithmic/dataset.py",
        "tasks_algorithmic",
        ("self.epoch = epoch", "pass"),
        (
            "source, target = self._fixed[0][numbers], self._fixed[1][numbers]",
            "source, target = self._fixed[0][: len(numbers)], self._fixed[1][: len(numbers)]",
        ),
        ("limits.append(max(1, max_tokens // self.num_tokens(0)))", "pass"),
    ),
]
