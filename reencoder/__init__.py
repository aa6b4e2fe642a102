"""The Reencoder: Grid LSTM translation as a fairseq plugin."""
from .models import reencoder as _r
from .tasks import reencoder_translation as _t
import argparse, torch
torch.serialization.add_safe_globals([argparse.Namespace])
