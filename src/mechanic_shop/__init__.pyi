from mechanic_shop.settings.settings import Settings as Settings
from mechanic_shop.settings.variables import WrongSettings as WrongSettings
from mechanic_shop.wiring.application import create_application as create_application
from mechanic_shop.wiring.application import open_application as open_application
from mechanic_shop.wiring.open_store import ShopClosedError as ShopClosedError
from mechanic_shop.wiring.shop import open_shop as open_shop

__version__: str

__all__ = [
    "Settings",
    "ShopClosedError",
    "WrongSettings",
    "__version__",
    "create_application",
    "open_application",
    "open_shop",
]
