"""Runs the deployed Flink applications, as Managed Service for Apache Flink does, on a session cluster of this machine.

The supervisor starts the cluster (`cluster.py`), out of Apache's distribution (`distribution.py`). A worker, `python -m
localrun.flink`, finds the deployed applications (`deployed.py`) and keeps the job of each as the application is: running, from
the snapshot it asks for, or stopped (`worker.py`). Jars are run by the cluster itself (`rest.py`), programs in Python by Flink's
command line (`client.py`).
"""
