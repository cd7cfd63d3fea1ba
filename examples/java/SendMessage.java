// Sends one file over HTTP and prints its receipt. Java 11 or later, nothing to install.
//
//   TOKEN=… java SendMessage.java URL FILE CONTENT_TYPE KEY
//
// KEY names this message: sending it again with the same key, after any failure, counts once.

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;

public class SendMessage {
    public static void main(String[] words) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(words[0]))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", words[2])
            .header("Idempotency-Key", words[3])
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of(words[1])));
        String token = System.getenv("TOKEN");
        if (token != null && !token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpClient client = HttpClient.newHttpClient();
        for (int tries = 0; tries < 6; tries++) {
            long seconds = 1L << tries;
            try {
                HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 202) {
                    System.out.println(answer.headers().firstValue("X-Receipt-Id").orElse(""));
                    return;
                }
                if (answer.statusCode() < 500 && answer.statusCode() != 408) {
                    System.err.println("not taken: " + answer.statusCode() + " " + answer.body());
                    System.exit(1);
                }
                seconds = answer.headers().firstValueAsLong("Retry-After").orElse(seconds);
            } catch (IOException noAnswer) {
                // Whether it was stored is not known, so it is sent again.
            }
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
        }
        System.err.println("not taken: no answer; keep the message and send it again later with the same key");
        System.exit(1);
    }
}
