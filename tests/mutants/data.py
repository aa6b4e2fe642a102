"""Faults in the data preparation and in the scores."""

from . import Mutant, group

MUTANTS: list[Mutant] = [
    *group(
        "data_prep/split.py",
        "data_prep_split",
        (
            'components.join(("zh", fold(chinese)), ("en", english))',
            'components.join(("zh", chinese), ("en", english))',
        ),
        (
            'components.join(("zh", fold(chinese)), ("en", english))',
            'components.join(("zh", fold(chinese)), ("zh", fold(chinese)))',
        ),
        ("min(smallest.get(root, chinese), chinese)", "max(smallest.get(root, chinese), chinese)"),
        ("min(smallest.get(root, chinese), chinese)", "smallest.get(root, chinese)"),
        ("min(smallest.get(root, chinese), chinese)", "min(smallest.get(root, fold(chinese)), fold(chinese))"),
        ("    if value < test_permille:", "    if value <= test_permille:"),
        ("value < test_permille + valid_permille else", "value < valid_permille else"),
        ('- {""}\n    english', "\n    english"),
        ("to_simplified(source) in chinese or target in english", "to_simplified(source) in chinese"),
        ("to_simplified(source) in chinese or target in english", "source in chinese or target in english"),
        ('"valid": group_sources(valid),', '"valid": [Example((pair,)) for pair in valid],'),
        ("self._parent[self.root(one)] = self.root(other)", "self._parent[one] = other"),
    ),
    *group(
        "data_prep/synthetic_part.py",
        "data_prep_synthetic",
        ("        elif is_leak(pair):\n", "        elif False:\n"),
        ("seen = {_folded_keys(pair) for pair in train}", "seen = set[tuple[str, str]]()"),
        ("            seen.add(keys)\n", "            pass\n"),
        ("        if not all(keys):", "        if not any(keys):"),
        ("return to_simplified(chinese), english", "return chinese, english"),
        ('(pair.chinese if language == "zh" else pair.english for', "(pair.chinese for"),
    ),
    *group(
        "recipes/tatoeba/synthetic.py",
        "recipes_tatoeba",
        (
            "hypotheses = in_source_order(best_hypotheses(candidates), len(pairs))",
            "hypotheses = [best[0] for best in candidates.values()]",
        ),
        ("(text, pair.english) if reverse else (pair.chinese, detokenize_english(text))", "(pair.chinese, text)"),
        ("if token != tag", "if token"),
        ('        arguments += ["--source-lang", "en", "--target-lang", "zh"]\n', "        pass\n"),
        ("{**times, f", "{f"),
    ),
    *group(
        "data_prep/text.py",
        "data_prep_text data_prep_split",
        ('unicodedata.normalize("NFKC", text).lower())', 'unicodedata.normalize("NFKC", text))'),
        (
            'return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text))',
            'return _NOT_ALPHANUMERIC.sub("", text)',
        ),
    ),
    *group(
        "reencoder/text/segmentation.py",
        "data_prep_text data_prep_split text_pipeline",
        ('re.compile(r"[0-9A-Za-z', 're.compile(r"[A-Za-z'),
        ("normalised if self.keep_case else normalised.lower()", "normalised.lower()"),
        ("escape=False, return_str=True", "escape=True, return_str=True"),
        (
            '" ".join(to_simplified(unicodedata.normalize("NFKC", text)).split())',
            '" ".join(unicodedata.normalize("NFKC", text).split())',
        ),
        ("tokenizer.lcut(text, HMM=True)", "tokenizer.lcut(text, HMM=False)"),
    ),
    *group(
        "eval/bleu.py",
        "eval_bleu",
        ('"BLEU": BLEU(lowercase=not keep_case)', '"BLEU": BLEU(lowercase=keep_case)'),
        ('"chrF2": CHRF(lowercase=not keep_case)', '"chrF2": CHRF()'),
        ("TER(case_sensitive=keep_case)", "TER()"),
        ("against = streams[:1] if", "against = streams if"),
        ('chrf2=found["chrF2"].score', 'chrf2=found["TER"].score'),
        ("zip_longest(*references)]", 'zip_longest(*references, fillvalue="")]'),
        ("references=sum(len(texts) for texts in references)", "references=len(references)"),
    ),
    *group(
        "eval/hypotheses.py",
        "eval_hypotheses",
        (
            "hypotheses[-1] = replace(hypotheses[-1], token_scores=scores)",
            "hypotheses[0] = replace(hypotheses[0], token_scores=scores)",
        ),
        ("identifier: hypotheses[0] for identifier", "identifier: hypotheses[-1] for identifier"),
        ("known = [word for word in words if word != UNKNOWN]", "known = list(words)"),
    ),
    *group(
        "eval/tune.py",
        "eval_tune",
        ("len(hypothesis.token_scores) ** lenpen", "len(hypothesis.token_scores)"),
        ("return new if new[1].bleu > old[1].bleu else old", "return new if new[1].bleu >= old[1].bleu else old"),
        ("beams = self.search(replace(settings, lenpen=0.0))", "beams = self.search(settings)"),
        ("self._try(replace(best[0], beam=beam))", "self._try(replace(start, beam=beam))"),
    ),
]
