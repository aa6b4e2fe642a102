"""Chinese to English on Tatoeba: training, evaluation and ablation."""
