package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

type Request struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

type Reply struct{ Version string }

// Record is one version of one key, as an owner stored it.
type Record struct {
	Key     string
	Value   string
	Deleted bool
	// Microseconds since 1970: needs 64 bits.
	Time   int64
	Writer string
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

	// Each replica's log says what it has just stored, on `dynats.applied.<node>`: an entry with one or more records. So
	// every write is heard once from each owner, in no fixed order among them. Keep what is newer, by time and writer.
	entries, err := nc.SubscribeSync("dynats.applied.*")
	if err != nil {
		log.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		log.Fatal(err)
	}

	// This hears no more while the connection is lost. The TypeScript client's watch reads what was missed meanwhile; here
	// a scan after a reconnect would.
	ask(nc, "dynats.put", Request{"sensor/kitchen", "21"})
	ask(nc, "dynats.put", Request{"sensor/attic", "17"})
	ask(nc, "dynats.delete", Request{Key: "sensor/attic"})
	ask(nc, "dynats.delete", Request{Key: "sensor/kitchen"})

	newest := map[string]Record{}
	for !newest["sensor/kitchen"].Deleted {
		message, err := entries.NextMsg(5 * time.Second)
		if err != nil {
			log.Fatal(err)
		}
		var entry struct{ Records []Record }
		if err := json.Unmarshal(message.Data, &entry); err != nil {
			log.Fatal(err)
		}
		for _, record := range entry.Records {
			known := newest[record.Key]
			isNewer := record.Time > known.Time || record.Time == known.Time && record.Writer > known.Writer
			if !strings.HasPrefix(record.Key, "sensor/") || !isNewer {
				continue
			}
			newest[record.Key] = record
			if record.Deleted {
				fmt.Println("delete", record.Key)
			} else {
				fmt.Println("put", record.Key, record.Value)
			}
		}
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
