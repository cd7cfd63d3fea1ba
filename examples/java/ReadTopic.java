// Reads one record of a Front Door topic, or the first COUNT, with Apache's own clients and prints each as JSON.
//
//   java -cp "$CLASSPATH" ReadTopic.java BOOTSTRAP REGISTRY_URL TOPIC [COUNT]
//
// The class path holds kafka-clients and org.apache.avro with Jackson. The value is in Confluent's wire format: a zero
// byte, four bytes with the schema's id, then Avro; the registry gives the schema of an id.

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class ReadTopic {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Map<Integer, Schema> SCHEMAS = new HashMap<>();

    public static void main(String[] words) throws Exception {
        String bootstrap = words[0], registry = words[1], topic = words[2];
        int left = words.length > 3 ? Integer.parseInt(words[3]) : 1;
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                .map(each -> new org.apache.kafka.common.TopicPartition(topic, each.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (System.nanoTime() < end) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(decoded(registry, record.value()));
                    if (--left == 0) {
                        return;
                    }
                }
            }
        }
        System.err.println("no more records on " + topic);
        System.exit(1);
    }

    private static GenericRecord decoded(String registry, byte[] value) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(value);
        if (bytes.get() != 0) {
            throw new IllegalArgumentException("not Confluent's wire format");
        }
        Schema schema = schema(registry, bytes.getInt());
        var decoder = DecoderFactory.get().binaryDecoder(value, bytes.position(), bytes.remaining(), null);
        return new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
    }

    private static Schema schema(String registry, int id) throws Exception {
        if (!SCHEMAS.containsKey(id)) {
            var request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
            var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("the registry answered " + answer.statusCode());
            }
            String text = new ObjectMapper().readTree(answer.body()).get("schema").asText();
            SCHEMAS.put(id, new Schema.Parser().parse(text));
        }
        return SCHEMAS.get(id);
    }
}
