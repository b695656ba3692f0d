from mechanic_shop.wiring.shop import open_shop as open_shop
