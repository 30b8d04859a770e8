# /// script
# dependencies = ["oracledb"]
# [tool.slim]
# ci = true
# event = {host = "127.0.0.1"}
# ///
"""Its Cython parts import cryptography and modules of the package."""

import oracledb


def lambda_handler(event, context):
    parameters = oracledb.ConnectParams(
        host=event["host"], port=1, service_name="x", tcp_connect_timeout=1, retry_count=0
    )
    try:
        oracledb.connect(user="u", password="p", params=parameters)
    except oracledb.Error as error:
        failed = error.args[0].full_code
    vector = oracledb.SparseVector(3, [0], [1.5])
    return {
        "failed": failed,
        "text": "(HOST=127.0.0.1)" in parameters.get_connect_string(),
        "thin": oracledb.is_thin_mode(),
        "vector": str(vector),
    }
