// Receives coupon events from couponhook and applies each of them exactly once.
//
//	SECRET_FILE  the file with the secret that couponhook signs with, whsec_…
//	DATABASE     the SQLite file, coupons.db by default
//	PORT         8080 by default
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

const (
	tolerance    = 5 * time.Minute
	bodyBytesMax = 4 << 20
)

// isAuthentic returns true if one of the secrets signed this request within the last five minutes.
func isAuthentic(header http.Header, body []byte) (bool, error) {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false, nil
	}
	secrets, err := os.ReadFile(os.Getenv("SECRET_FILE"))
	if err != nil {
		return false, err
	}
	// While you replace the secret the file holds two, one to a line, and either may sign.
	for _, secret := range strings.Fields(string(secrets)) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			return false, errors.New("SECRET_FILE holds a line that is not whsec_ and base64")
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
			if hmac.Equal([]byte(expected), []byte(given)) {
				return true, nil
			}
		}
	}
	return false, nil
}

// fact says what happened.
type fact struct{ kind, number, belongsTo string }

var (
	errUnreadable = errors.New("a number in the resource cannot be read")
	number        = regexp.MustCompile(`^[\w-]{1,64}$`)
)

// factOf returns nil for an event that this shop does not apply.
func factOf(body []byte) (*fact, error) {
	var event struct {
		Type string
		Data struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, err
	}
	var resource struct {
		CouponCode         string `json:"coupon_code"`
		StockID            string `json:"stock_id"`
		CouponID           string `json:"coupon_id"`
		RefundID           string `json:"refund_id"`
		TransactionID      string `json:"transaction_id"`
		ConsumeInformation struct {
			TransactionID string `json:"transaction_id"`
		} `json:"consume_information"`
	}
	err := json.Unmarshal(event.Data.Resource, &resource)
	var found fact
	switch event.Type {
	case "coupon.issued":
		found = fact{"issued", resource.CouponCode, resource.StockID}
	case "coupon.redeemed":
		found = fact{"redeemed", resource.CouponID, resource.ConsumeInformation.TransactionID}
	case "refund.succeeded":
		found = fact{"refunded", resource.RefundID, resource.TransactionID}
	default:
		return nil, nil
	}
	if err != nil || !number.MatchString(found.number) || !number.MatchString(found.belongsTo) {
		return nil, errUnreadable
	}
	return &found, nil
}

// isFirst returns true the first time that it is called with this key. The primary key decides.
func isFirst(tx *sql.Tx, key string) (bool, error) {
	result, err := tx.Exec("INSERT OR IGNORE INTO applied VALUES (?)", key)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows == 1, err
}

// apply applies the event in one transaction.
func apply(db *sql.DB, id string, happened *fact) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	// webhook-id recognises repeats of a delivery. The fact recognises an event that WeChat Pay sent
	// under two ids.
	key := happened.kind + "/" + happened.number + "/" + happened.belongsTo
	for _, each := range []string{id, key} {
		if first, err := isFirst(tx, each); err != nil || !first {
			return err
		}
	}
	// Your work goes here, in this transaction. Events may arrive in any order, a refund before its
	// redemption: add what happened, and let no event overwrite another.
	if _, err = tx.Exec("INSERT INTO bookings VALUES (?, ?, ?)",
		happened.kind, happened.number, happened.belongsTo); err != nil {
		return err
	}
	log.Printf("%s %s (%s)", happened.kind, happened.number, happened.belongsTo)
	return tx.Commit()
}

// receive returns the status of the reply.
func receive(db *sql.DB, request *http.Request) (int, error) {
	if request.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, nil
	}
	// The raw body: the signature covers its bytes.
	body, err := io.ReadAll(http.MaxBytesReader(nil, request.Body, bodyBytesMax))
	if err != nil {
		return http.StatusBadRequest, err
	}
	if authentic, err := isAuthentic(request.Header, body); err != nil {
		return http.StatusInternalServerError, err
	} else if !authentic {
		return http.StatusUnauthorized, nil
	}
	happened, err := factOf(body)
	if errors.Is(err, errUnreadable) {
		return http.StatusGone, err // a dead letter, for a person to look at
	}
	if err == nil && happened != nil {
		err = apply(db, request.Header.Get("webhook-id"), happened)
	}
	if err != nil {
		return http.StatusInternalServerError, err // couponhook sends the event again
	}
	return http.StatusNoContent, nil
}

// setting returns an environment variable, or the default.
func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	db, err := sql.Open("sqlite3", "file:"+setting("DATABASE", "coupons.db")+"?_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		log.Fatal(err)
	}
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS applied (event_key TEXT PRIMARY KEY);
		CREATE TABLE IF NOT EXISTS bookings (kind TEXT, number TEXT, belongs_to TEXT)`)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/coupons", func(response http.ResponseWriter, request *http.Request) {
		status, err := receive(db, request)
		response.WriteHeader(status)
		if err != nil {
			log.Print(err)
			fmt.Fprintln(response, err)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+setting("PORT", "8080"), nil))
}
