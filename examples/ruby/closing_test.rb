# frozen_string_literal: true

# Closing a dispute with Stripe's Ruby SDK, against `replaydisputes serve`.
require "json"
require "minitest/autorun"
require "net/http"
require "stripe"

class ClosingTest < Minitest::Test
  SERVER = ENV.fetch("STRIPE_API_BASE", "http://127.0.0.1:12111")
  # The next page of a list and the methods of a fetched object do not ask the client's base but this one.
  Stripe.api_base = SERVER
  # The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
  LOST = "du_1AAAAAreplaydisp00000001" # close-lost
  TWICE = "du_1AAAAAreplaydisp1MxbtBkz" # close-twice
  LISTED = "du_1AAAAAreplaydisp5UqPOcYJ" # close-list
  ITS_CHARGE = "ch_1AAAAAreplaydisp580QPi0w"
  UNKNOWN = "du_1AAAAAreplaydisp1YON23EJ" # close-unknown

  # A key of the test's own is a session of its own, from the start of the recordings.
  def setup
    @key = "sk_test_ruby_#{name}"
    tell("reset")
    @disputes = Stripe::StripeClient.new(@key, api_base: SERVER).v1.disputes
  end

  def tell(what, body = {})
    headers = { "Authorization" => "Bearer #{@key}", "Content-Type" => "application/json" }
    Net::HTTP.post(URI("#{SERVER}/_replaydisputes/#{what}"), JSON.generate(body), headers).value
  end

  def listed
    @disputes.list({ charge: ITS_CHARGE, limit: 1 }).data.map { |one| [one.id, one.status] }
  end

  def test_a_close_makes_the_dispute_lost
    before = @disputes.retrieve(LOST)
    closed = @disputes.close(LOST)
    after = @disputes.retrieve(LOST)

    assert_equal(%w[needs_response lost lost], [before.status, closed.status, after.status])
  end

  def test_a_second_close_is_refused
    @disputes.close(TWICE)

    error = assert_raises(Stripe::InvalidRequestError) { @disputes.close(TWICE) }

    assert_equal([400, "This dispute is already closed"], [error.http_status, error.error.message])
  end

  def test_an_unknown_id_is_refused
    error = assert_raises(Stripe::InvalidRequestError) { @disputes.close(UNKNOWN) }

    assert_equal([404, "resource_missing"], [error.http_status, error.code])
  end

  def test_a_list_shows_the_close
    assert_equal([[LISTED, "needs_response"]], listed)
    @disputes.close(LISTED)
    assert_equal([[LISTED, "lost"]], listed)
  end

  %w[server-error connection-reset].each do |kind|
    define_method("test_the_sdk_tries_again_after_a_#{kind.tr('-', '_')}") do
      tell("fail-next", { kind: kind })

      assert_equal("lost", @disputes.close(LOST).status)
    end
  end
end
