#!/bin/sh
# Runs a command of the shop as its user, in its folder and with its settings:
# install it as /usr/local/sbin/mechanic-shop, for root.
set -eu
cd /var/lib/mechanic-shop
if [ ! -e .env ]; then
    echo "mechanic-shop: /var/lib/mechanic-shop/.env is missing: ln -s /etc/mechanic-shop.env there" >&2
    exit 1
fi
# The settings are those of the service, and not what this shell happens to export.
for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case ${name} in
        COPY_TO | LANG | LC_* | PATH | PGPASSWORD | TERM | TZ) ;;
        *) unset "${name}" ;;
    esac
done
export APP_ENV=production
exec runuser -u mechanic-shop -- /opt/mechanic-shop/bin/mechanic-shop "$@"
