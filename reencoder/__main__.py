"""`python -m reencoder` prints the folder of the plugin, for `--user-dir` of fairseq's programs:

fairseq-train --user-dir "$(python -m reencoder)" ...
"""

from pathlib import Path

if __name__ == "__main__":
    print(Path(__file__).resolve().parent)
