// As stripe-go's backend: the body is set on the request afterwards, so that net/http does not know its length.
package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
)

type unsized struct{ io.Reader }

func (unsized) Close() error { return nil }

func main() {
	method, url, body := os.Args[1], os.Args[2], os.Args[3]
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		panic(err)
	}
	for _, line := range os.Args[4:] {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	request.Body = unsized{bytes.NewReader([]byte(body))}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	answer.Body.Close()
}
