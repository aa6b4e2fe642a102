"""How far the alignments of a model can be trusted: the demo's model on the phrasebook. The results of two commands.

python -m recipes.demo
python -m eval aer runs/demo/trained/checkpoint_best.pt --data runs/demo/data --json aer.json
"""
