"""Evaluation: generation with fairseq, BLEU and chrF against several raw references, training curves."""
