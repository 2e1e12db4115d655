import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** Prints the status and body that a URL answers; with a second argument it is asked by a POST with that form. */
class Fetch {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(arguments[0])).header("Authorization", "Bearer sk_test_java");
        if (arguments.length > 1) {
            request.header("Content-Type", "application/x-www-form-urlencoded").POST(BodyPublishers.ofString(arguments[1]));
        }
        var answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}
