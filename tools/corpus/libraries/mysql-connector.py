# /// script
# dependencies = ["mysql-connector-python"]
# [tool.slim]
# event = {plugins = ["mysql_native_password", "caching_sha2_password", "mysql_clear_password"], language = "eng", pure = true}
# ///
"""Plugins and locales are imported by computed names; a C extension by try."""

import mysql.connector
from mysql.connector import errorcode, locales
from mysql.connector.plugins import get_auth_plugin


def lambda_handler(event, context):
    plugins = [get_auth_plugin(name, "").__name__ for name in event["plugins"]]
    text = locales.get_client_error(2003, language=event["language"])
    try:
        mysql.connector.connect(host="127.0.0.1", port=1, use_pure=event["pure"], connection_timeout=1)
    except mysql.connector.Error as error:
        failed = error.errno
    return {
        "plugins": plugins,
        "text": text,
        "failed": failed,
        "c": mysql.connector.HAVE_CEXT,
        "code": errorcode.ER_BAD_DB_ERROR,
    }
