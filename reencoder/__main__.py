"""`python -m reencoder` prints the folder of the plugin, which fairseq's programs want to know:

fairseq-train --user-dir "$(python -m reencoder)" ...
"""

from pathlib import Path

if __name__ == "__main__":
    print(Path(__file__).resolve().parent)
