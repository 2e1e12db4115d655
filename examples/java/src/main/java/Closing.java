import com.stripe.StripeClient;
import com.stripe.exception.ApiException;
import com.stripe.exception.InvalidRequestException;
import com.stripe.exception.StripeException;
import com.stripe.param.DisputeListParams;
import com.stripe.service.DisputeService;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/** Closing a dispute with Stripe's Java SDK, against `replaydisputes serve`. */
public final class Closing {
  static final String SERVER = System.getenv().getOrDefault("STRIPE_API_BASE", "http://127.0.0.1:12111");
  // The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
  static final String LOST = "du_1AAAAAreplaydisp00000001"; // close-lost
  static final String TWICE = "du_1AAAAAreplaydisp1MxbtBkz"; // close-twice
  static final String LISTED = "du_1AAAAAreplaydisp5UqPOcYJ"; // close-list
  static final String ITS_CHARGE = "ch_1AAAAAreplaydisp580QPi0w";
  static final String UNKNOWN = "du_1AAAAAreplaydisp1YON23EJ"; // close-unknown

  static void tell(String key, String what, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(SERVER + "/_replaydisputes/" + what))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    int status = HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode();
    claim(what, 2, status / 100);
  }

  /** A key of the claim's own is a session of its own, from the start of the recordings. */
  static DisputeService disputes(String key, int retries) throws Exception {
    tell(key, "reset", "");
    StripeClient client =
        StripeClient.builder().setApiKey(key).setApiBase(SERVER).setMaxNetworkRetries(retries).build();
    return client.v1().disputes();
  }

  static void claim(String what, Object expected, Object got) {
    if (!expected.equals(got)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + got);
    }
    System.out.println("ok: " + what);
  }

  static List<Object> refusal(Callable<?> call) throws Exception {
    try {
      call.call();
    } catch (StripeException error) {
      return Arrays.asList(
          error.getClass(), error.getStatusCode(), error.getCode(), error.getStripeError().getMessage());
    }
    throw new AssertionError("not refused");
  }

  static String listed(DisputeService disputes) throws StripeException {
    DisputeListParams params = DisputeListParams.builder().setCharge(ITS_CHARGE).setLimit(1L).build();
    var one = disputes.list(params).getData().get(0);
    return one.getId() + " " + one.getStatus();
  }

  static void aCloseMakesTheDisputeLost() throws Exception {
    DisputeService disputes = disputes("sk_test_java_lost", 2);
    String before = disputes.retrieve(LOST).getStatus();
    String closed = disputes.close(LOST).getStatus();
    String after = disputes.retrieve(LOST).getStatus();
    claim("a close makes the dispute lost", List.of("needs_response", "lost", "lost"), List.of(before, closed, after));
  }

  static void refusalsAreTyped() throws Exception {
    DisputeService twice = disputes("sk_test_java_twice", 2);
    twice.close(TWICE);
    List<Object> closed = Arrays.asList(InvalidRequestException.class, 400, null, "This dispute is already closed");
    claim("a second close is refused", closed, refusal(() -> twice.close(TWICE)));

    DisputeService unknown = disputes("sk_test_java_unknown", 2);
    String message = "No such dispute: '" + UNKNOWN + "'";
    List<Object> missing = Arrays.asList(InvalidRequestException.class, 404, "resource_missing", message);
    claim("an unknown id is refused", missing, refusal(() -> unknown.close(UNKNOWN)));
  }

  static void aListShowsTheClose() throws Exception {
    DisputeService disputes = disputes("sk_test_java_list", 2);
    claim("a list shows the dispute", LISTED + " needs_response", listed(disputes));
    disputes.close(LISTED);
    claim("a list shows the close", LISTED + " lost", listed(disputes));
  }

  static void failuresEndWell() throws Exception {
    for (String kind : List.of("server-error", "connection-reset")) {
      String key = "sk_test_java_" + kind.replace('-', '_');
      DisputeService disputes = disputes(key, 2);
      tell(key, "fail-next", "{\"kind\": \"" + kind + "\"}");
      claim("the close is sent again after a " + kind, "lost", disputes.close(LOST).getStatus());
    }

    DisputeService once = disputes("sk_test_java_once", 0);
    tell("sk_test_java_once", "fail-next", "{\"kind\": \"server-error\"}");
    List<Object> failed = Arrays.asList(ApiException.class, 500, null, "An unknown error occurred");
    claim("without retries the error is typed", failed, refusal(() -> once.close(LOST)));
    claim("and nothing is closed", "needs_response", once.retrieve(LOST).getStatus());
  }

  public static void main(String[] arguments) throws Exception {
    aCloseMakesTheDisputeLost();
    refusalsAreTyped();
    aListShowsTheClose();
    failuresEndWell();
  }
}
