# /// script
# dependencies = ["hydra-core"]
# [tool.slim]
# event = {target = {_target_ = "math.hypot", _args_ = [3, 4]}}
# ///
"""Plugins are found by walking packages; the grammar is a table of antlr."""

import hydra
from hydra.core.plugins import Plugins
from hydra.utils import instantiate
from omegaconf import OmegaConf


def lambda_handler(event, context):
    config = OmegaConf.create({"a": {"b": 3}, "c": "${a.b}", "d": "${oc.env:NOTHING,x}"})
    made = instantiate(OmegaConf.create(event["target"]))
    with hydra.initialize_config_module("hydra.conf", version_base=None, job_name="a"):
        composed = hydra.compose(overrides=["+x=[1,2]"])
    plugins = sorted(one.__name__ for one in Plugins.instance().discover())
    return {"c": config.c, "d": config.d, "made": made, "x": list(composed.x), "plugins": plugins}
