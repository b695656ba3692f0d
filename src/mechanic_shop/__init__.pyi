from mechanic_shop.opening import open_shop as open_shop
