// Closing a dispute with Stripe's Go SDK, against `replaydisputes serve`.
package closing

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v86"
)

// The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
const (
	lost      = "du_1AAAAAreplaydisp00000001" // close-lost
	twice     = "du_1AAAAAreplaydisp1MxbtBkz" // close-twice
	listed    = "du_1AAAAAreplaydisp5UqPOcYJ" // close-list
	itsCharge = "ch_1AAAAAreplaydisp580QPi0w"
	unknown   = "du_1AAAAAreplaydisp1YON23EJ" // close-unknown
)

type session struct {
	*stripe.Client
	t           *testing.T
	key, server string
}

// A key of the test's own is a session of its own, from the start of the recordings.
func start(t *testing.T) session {
	server := os.Getenv("STRIPE_API_BASE")
	if server == "" {
		server = "http://127.0.0.1:12111"
	}
	key := "sk_test_go_" + t.Name()
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{URL: stripe.String(server)})
	s := session{stripe.NewClient(key, stripe.WithBackends(backends)), t, key, server}
	s.tell("reset", "")
	return s
}

func (s session) tell(what, body string) {
	request, _ := http.NewRequest("POST", s.server+"/_replaydisputes/"+what, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		s.t.Fatalf("%s: %s", what, answer.Status)
	}
}

func (s session) expect(id string, status stripe.DisputeStatus, dispute *stripe.Dispute, err error) {
	s.t.Helper()
	if err != nil || dispute.ID != id || dispute.Status != status {
		s.t.Fatalf("expected %s %s, got %+v, %v", id, status, dispute, err)
	}
}

func (s session) refused(httpStatus int, code stripe.ErrorCode, err error) *stripe.Error {
	s.t.Helper()
	var refusal *stripe.Error
	if !errors.As(err, &refusal) || refusal.HTTPStatusCode != httpStatus || refusal.Code != code {
		s.t.Fatalf("expected HTTP %d %q, got %v", httpStatus, code, err)
	}
	return refusal
}

func (s session) retrieve(id string) (*stripe.Dispute, error) {
	return s.V1Disputes.Retrieve(context.Background(), id, nil)
}

func (s session) close(id string) (*stripe.Dispute, error) {
	return s.V1Disputes.Close(context.Background(), id, nil)
}

func (s session) first(charge string) (*stripe.Dispute, error) {
	params := &stripe.DisputeListParams{Charge: stripe.String(charge)}
	params.Limit = stripe.Int64(1)
	for dispute, err := range s.V1Disputes.List(context.Background(), params).All(context.Background()) {
		return dispute, err
	}
	return nil, errors.New("the list is empty")
}

func TestACloseMakesTheDisputeLost(t *testing.T) {
	s := start(t)
	before, err := s.retrieve(lost)
	s.expect(lost, stripe.DisputeStatusNeedsResponse, before, err)
	closed, err := s.close(lost)
	s.expect(lost, stripe.DisputeStatusLost, closed, err)
	after, err := s.retrieve(lost)
	s.expect(lost, stripe.DisputeStatusLost, after, err)
}

func TestASecondCloseIsRefused(t *testing.T) {
	s := start(t)
	closed, err := s.close(twice)
	s.expect(twice, stripe.DisputeStatusLost, closed, err)

	_, err = s.close(twice)

	refusal := s.refused(400, "", err)
	if refusal.Type != stripe.ErrorTypeInvalidRequest || refusal.Msg != "This dispute is already closed" {
		t.Fatal(refusal)
	}
}

func TestAnUnknownIdIsRefused(t *testing.T) {
	s := start(t)

	_, err := s.close(unknown)

	s.refused(404, stripe.ErrorCodeResourceMissing, err)
}

func TestAListShowsTheClose(t *testing.T) {
	s := start(t)
	before, err := s.first(itsCharge)
	s.expect(listed, stripe.DisputeStatusNeedsResponse, before, err)
	_, _ = s.close(listed)
	after, err := s.first(itsCharge)
	s.expect(listed, stripe.DisputeStatusLost, after, err)
}

// The Go SDK does not send a request again that was answered with 500: the error is typed, and nothing is closed.
func TestA500IsATypedErrorAndTheNextCloseCloses(t *testing.T) {
	s := start(t)
	s.tell("fail-next", `{"kind": "server-error"}`)

	_, err := s.close(lost)

	if refusal := s.refused(500, "", err); refusal.Type != stripe.ErrorTypeAPI {
		t.Fatal(refusal)
	}
	closed, err := s.close(lost)
	s.expect(lost, stripe.DisputeStatusLost, closed, err)
}

func TestTheSDKTriesAgainAfterALockTimeoutAndADroppedConnection(t *testing.T) {
	for _, kind := range []string{"lock-timeout", "connection-reset"} {
		s := start(t)
		s.tell("fail-next", `{"kind": "`+kind+`"}`)

		closed, err := s.close(lost)

		s.expect(lost, stripe.DisputeStatusLost, closed, err)
	}
}
