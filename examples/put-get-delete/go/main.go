package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

// Request is what any node takes, as JSON, on `dynats.put` and the like. A []byte travels as base64 by itself.
type Request struct {
	Key    string  `json:"key"`
	Value  *string `json:"value,omitempty"`
	Base64 []byte  `json:"base64,omitempty"`
}

type Reply struct {
	Key     string
	Found   bool
	Value   string
	Base64  []byte
	Version string
}

func main() {
	url := os.Getenv("NATS_URL")
	if url == "" {
		url = nats.DefaultURL
	}
	nc, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Drain()

	// ### Text
	// `put` is answered once two of the key's three owners have the value in their logs on disk: the level is QUORUM
	// unless the request or the bucket says otherwise.
	blue, green := "blue", "green"
	ask(nc, "dynats.put", Request{Key: "profile/sue", Value: &blue})
	first := ask(nc, "dynats.get", Request{Key: "profile/sue"})
	fmt.Printf("%s: %s\n", first.Key, first.Value)

	// Every write has a version. It is opaque: two equal versions are the same write.
	ask(nc, "dynats.put", Request{Key: "profile/sue", Value: &green})
	second := ask(nc, "dynats.get", Request{Key: "profile/sue"})
	fmt.Printf("%s: %s, newer: %t\n", second.Key, second.Value, second.Version != first.Version)

	// ### Bytes
	// Bytes are stored as bytes, in a field of their own.
	ask(nc, "dynats.put", Request{Key: "profile/photo", Base64: []byte{0, 255, 10}})
	fmt.Println("photo:", ask(nc, "dynats.get", Request{Key: "profile/photo"}).Base64)

	// ### Delete
	// A deleted key is absent, and absence is an answer, not an error.
	ask(nc, "dynats.delete", Request{Key: "profile/sue"})
	fmt.Println("after delete, found:", ask(nc, "dynats.get", Request{Key: "profile/sue"}).Found)
}

// ask sends a request and decodes the reply, which is an answer or an error.
func ask(nc *nats.Conn, subject string, request any) (reply Reply) {
	body, err := json.Marshal(request)
	if err != nil {
		log.Fatal(err)
	}
	message, err := nc.Request(subject, body, 5*time.Second)
	if err != nil {
		log.Fatal(subject, ": ", err)
	}
	if err := json.Unmarshal(message.Data, &reply); err != nil {
		log.Fatal(err)
	}
	return reply
}
