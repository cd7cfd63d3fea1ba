"""Writes one file to your organisation's own topic with kafka-python, and prints where it stands.

    pip install kafka-python
    python send_to_topic.py BOOTSTRAP TOPIC FILE CONTENT_TYPE

The hub copies it from there, and what became of it is asked by the message's own id.
"""

import sys
from pathlib import Path

from kafka import KafkaProducer

bootstrap, topic, file, content_type = sys.argv[1:]
# Idempotent, and acknowledged by every copy in step: this client's default. So its own retries write nothing twice.
producer = KafkaProducer(bootstrap_servers=bootstrap)
place = producer.send(topic, Path(file).read_bytes(), headers=[("content-type", content_type.encode())]).get(timeout=30)
print(f"{place.topic} partition {place.partition} offset {place.offset}")
producer.close()
