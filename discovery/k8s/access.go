package k8s

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// access is how an API server is reached: an address, and who we are there.
type access struct {
	server   string // URL without a slash at its end
	tls      *tls.Config
	proxy    *url.URL
	token    string
	user     string // basic authentication, if there is no token
	password string
}

// statusError is the API's answer when something is wrong (meta/v1 Status).
type statusError struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func (s *statusError) Error() string {
	if s.Message == "" {
		return fmt.Sprintf("API server: status %d %s", s.Code, s.Reason)
	}
	return fmt.Sprintf("API server: %s (%d)", s.Message, s.Code)
}

// refused tells whether waiting does not mend err: who we are is not known, may not read slices, or there are none in this API.
func refused(err error) bool {
	var s *statusError
	return errors.As(err, &s) && (s.Code == http.StatusUnauthorized || s.Code == http.StatusForbidden || s.Code == http.StatusNotFound)
}

// client returns a client of its own connections. It notices by pings when one has died.
func (a *access) client() *http.Client {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 10 * time.Second}).DialContext,
		TLSClientConfig:     a.tls,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		Proxy:               http.ProxyFromEnvironment,

		ResponseHeaderTimeout: 30 * time.Second,
	}
	if a.proxy != nil {
		t.Proxy = http.ProxyURL(a.proxy)
	}
	return &http.Client{Transport: t}
}

// get asks for a path. An answer other than 200 is a *statusError.
func (a *access) get(ctx context.Context, client *http.Client, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "iago")
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	} else if a.user != "" {
		req.SetBasicAuth(a.user, a.password)
	}
	answer, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10)) // what could be read is shown
	s := &statusError{Code: answer.StatusCode}
	if json.Unmarshal(text, s) != nil || s.Code == 0 {
		s.Code, s.Message = answer.StatusCode, strings.TrimSpace(string(text[:min(len(text), 200)]))
	}
	return nil, s
}
