import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;

/** As stripe-java's HttpURLConnectionClient: no caches, and the content type only where there is a body. */
public final class Send {
  public static void main(String[] arguments) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) new URL(arguments[1]).openConnection();
    connection.setUseCaches(false);
    for (int at = 3; at < arguments.length; at++) {
      String[] line = arguments[at].split(": ", 2);
      connection.setRequestProperty(line[0], line[1]);
    }
    connection.setRequestMethod(arguments[0]);
    if (arguments[0].equals("POST")) {
      connection.setDoOutput(true);
      try (OutputStream output = connection.getOutputStream()) {
        output.write(arguments[2].getBytes(StandardCharsets.UTF_8));
      }
    }
    connection.getResponseCode();
  }
}
