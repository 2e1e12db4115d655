# As stripe-ruby's ConnectionManager: a generic request with its headers, the body handed over apart.
require "net/http"

method, url, body, *lines = ARGV
uri = URI(url)
headers = lines.to_h { |line| line.split(": ", 2) }
request = Net::HTTPGenericRequest.new(method, method == "POST", true, uri.request_uri, headers)
Net::HTTP.start(uri.host, uri.port) { |http| http.request(request, method == "POST" ? body : nil) }
