package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

type Request struct {
	Key      string `json:"key,omitempty"`
	Value    string `json:"value,omitempty"`
	Prefix   string `json:"prefix,omitempty"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	Limit    int    `json:"limit,omitempty"`
	KeysOnly bool   `json:"keysOnly,omitempty"`
	// What the page before said is next; handed back as it came.
	Next json.RawMessage `json:"next,omitempty"`
}

type Reply struct {
	Records []struct{ Key, Value string }
	Next    json.RawMessage
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

	for _, each := range [][2]string{
		{"city/amsterdam", "NL"}, {"city/berlin", "DE"}, {"city/bern", "CH"}, {"town/delft", "NL"},
	} {
		ask(nc, "dynats.put", Request{Key: each[0], Value: each[1]})
	}

	// ### In order, by prefix
	// Keys come in the order of their UTF-8 bytes, a page a request. `next` of a page asks for the one behind it; the last
	// has none. Each page is a read at the level of the request: complete at QUORUM while a node is dead.
	page := Request{Prefix: "city/", Limit: 2}
	for {
		reply := ask(nc, "dynats.scan", page)
		for _, record := range reply.Records {
			fmt.Printf("%s = %s\n", record.Key, record.Value)
		}
		if reply.Next == nil {
			break
		}
		page.Next = reply.Next
	}

	// ### A range
	// From a key on, up to another but without it; KeysOnly leaves the values out.
	for _, record := range ask(nc, "dynats.scan", Request{From: "city/b", To: "city/bern", KeysOnly: true}).Records {
		fmt.Println(record.Key)
	}
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
