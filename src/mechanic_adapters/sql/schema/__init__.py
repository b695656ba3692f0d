"""The database schema: one module of tables for each noun, all in one MetaData.

Importing this package imports every module in it, so `metadata.METADATA` is always complete.
"""

import pkgutil
from importlib import import_module

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)
