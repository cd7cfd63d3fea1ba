"""Reads the first record of a Front Door topic, or the first COUNT, with Confluent's own client, which asks the registry for the
schema.

pip install 'confluent-kafka[avro,schemaregistry]'
python read_topic.py BOOTSTRAP REGISTRY_URL TOPIC [COUNT]
"""

import json
import sys
import uuid

from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

bootstrap, registry, topic, *count = sys.argv[1:]
decode = AvroDeserializer(SchemaRegistryClient({"url": registry}))
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"read-topic-{uuid.uuid4()}", "auto.offset.reset": "earliest"})
consumer.subscribe([topic])
for _ in range(int(*count or ["1"])):
    message = consumer.poll(30)
    if message is None or message.error():
        sys.exit(f"no record on {topic}")
    record = decode(message.value(), SerializationContext(topic, MessageField.VALUE))
    headers = {name: value.decode() for name, value in message.headers() or []}
    print(json.dumps({"key": message.key().decode(), "headers": headers, "record": record}, default=str))
consumer.close()
