"""What a recipe of an algorithmic task is: models, sizes of the problem, and scales."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..options import Value, algorithmic_options
from .chance import Chance
from .runs import Run


@dataclass(frozen=True)
class Scale:
    """How large the runs of a recipe are. Each value can be overridden on the command line.

    Attributes:
        sizes: sizes of the problem, one run each.
        hidden_size: number of units, the same for all models.
        layers: number of layers of all models that are not in `own_layers`.
        samples: maximum number of training samples per run.
        hours: maximum training time per run, in hours; 0: no limit.
        samples_per_epoch: samples between two validations.
        valid_samples: number of samples held out for validation.
        test_samples: number of further samples held out, which the finished model is tested on once.
        batch_size: samples per update.
        optimizer: "adam", as in the paper, or "muon".
        lr: learning rate.
        lr_shrink: factor by which the learning rate is multiplied after more than `lr_patience` validations in a row
            without improvement; 1: constant learning rate.
        lr_patience: see `lr_shrink`.
        weight_decay: weight decay, with Muon that of its matrices, decoupled from the gradient.
        own_layers: pairs of a model and its number of layers.
        forget_bias: initial bias of the forget gates of every LSTM.
        init_scale: scale of the initial weights; see the models' `--init-scale`.
        input_scale: scale of the initial weights of the input's projection; see the models' `--input-scale`.
    """

    sizes: tuple[int, ...]
    hidden_size: int
    layers: int
    samples: int
    hours: float = 0.0
    samples_per_epoch: int = 15000
    valid_samples: int = 100
    test_samples: int = 1000
    batch_size: int = 15
    optimizer: str = "adam"
    lr: float = 0.001
    lr_shrink: float = 1.0
    lr_patience: int = 1
    weight_decay: float = 0.0
    own_layers: tuple[tuple[str, int], ...] = ()
    forget_bias: float = 1.0
    init_scale: float = 1.7
    input_scale: float = 0.0

    def layers_of(self, model: str) -> int:
        """Return the number of layers of a model."""
        return dict(self.own_layers).get(model, self.layers)


@dataclass(frozen=True)
class Model:
    """A model of a recipe.

    Attributes:
        label: name of the model in plots.
        options: options of fairseq-train that select it, without its hidden size and layers.
        starts: the initial values of a scale for which the model has an option.
    """

    label: str
    options: Mapping[str, Value]
    starts: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperFigure:
    """A figure that the paper reports, as we read it; never a measurement of this project.

    Attributes:
        text: what the paper says, with its sizes.
        samples: samples until the task was solved, if reported.
        accuracy: final accuracy, if reported.
    """

    text: str
    samples: int | None = None
    accuracy: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the figure as a JSON object."""
        return {**asdict(self), "source": "paper, as we read it"}


@dataclass(frozen=True)
class Recipe:
    """The comparison of models on one of the paper's algorithmic tasks.

    Attributes:
        name: name of the package below `recipes`.
        title: title of the plot.
        task: name of the fairseq task.
        size_option: option of the task that sets the size of the problem.
        unit: what the size counts.
        models: models by name, in the order of the runs.
        scales: scales by name.
        metric: validation metric that the plot shows.
        paper: the paper's figures.
        chance: returns what a model that has learned nothing reaches on a size of the problem.
        growing: try the sizes of a model in order only until it fails to solve one.
    """

    name: str
    title: str
    task: str
    size_option: str
    unit: str
    models: Mapping[str, Model]
    scales: Mapping[str, Scale]
    metric: str
    paper: tuple[PaperFigure, ...]
    chance: Callable[[int], Chance]
    growing: bool = False

    def run(self, model: str, size: int, scale: Scale, seed: int) -> Run:
        """Return the run of a model on a size of the problem."""
        shrinking: dict[str, Value] = {}
        if scale.lr_shrink < 1:
            shrinking = {
                "lr_scheduler": "reduce_lr_on_plateau",
                "lr_shrink": scale.lr_shrink,
                "lr_patience": scale.lr_patience,
            }
        options = algorithmic_options(
            self.task,
            seed,
            scale.batch_size,
            scale.samples,
            scale.samples_per_epoch,
            scale.hours,
            scale.lr,
            hidden_size=scale.hidden_size,
            layers=scale.layers_of(model),
            valid_samples=scale.valid_samples,
            test_samples=scale.test_samples,
            optimizer=scale.optimizer,
            weight_decay=scale.weight_decay,
            **{self.size_option: size},
            **{name: getattr(scale, name) for name in self.models[model].starts},
            **self.models[model].options,
            **shrinking,
        )
        label = f"{self.models[model].label}, {scale.layers_of(model)} layers of {scale.hidden_size}"
        return Run(model, label, size, options, self.metric, self.chance(size))
