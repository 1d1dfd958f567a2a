package com.example.coupons;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.logging.Logger;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/** Receives coupon events from couponhook and applies each of them exactly once. */
@RestController
class CouponController {
    private static final Logger LOG = Logger.getLogger("coupons");

    private final WebhookVerifier verifier;
    private final ObjectMapper json;
    private final JdbcTemplate jdbc;
    private final TransactionTemplate transaction;

    CouponController(WebhookVerifier verifier, ObjectMapper json, JdbcTemplate jdbc,
            TransactionTemplate transaction) {
        this.verifier = verifier;
        this.json = json;
        this.jdbc = jdbc;
        this.transaction = transaction;
    }

    // byte[], not a parsed object: the signature covers the raw bytes of the body.
    @PostMapping("/coupons")
    ResponseEntity<String> receive(@RequestBody byte[] body,
            @RequestHeader(name = "webhook-id", defaultValue = "") String id,
            @RequestHeader(name = "webhook-timestamp", defaultValue = "") String timestamp,
            @RequestHeader(name = "webhook-signature", defaultValue = "") String signatures)
            throws Exception {  // an exception is 500: couponhook sends the event again
        if (!verifier.isAuthentic(id, timestamp, signatures, body)) {
            return ResponseEntity.status(HttpStatus.UNAUTHORIZED).build();
        }
        Fact fact = factOf(json.readTree(body));
        if (fact == null) return ResponseEntity.noContent().build();
        if (!isText(fact.number) || !isText(fact.belongsTo)) {
            // A dead letter, for a person to look at
            return ResponseEntity.status(HttpStatus.GONE).body("a number in the resource cannot be read");
        }
        transaction.execute(status -> {
            apply(id, fact);
            return null;
        });
        return ResponseEntity.noContent().build();
    }

    private record Fact(String kind, String number, String belongsTo) {}

    /** Returns what happened; null for an event that this shop does not apply. */
    private static Fact factOf(JsonNode event) {
        JsonNode resource = event.path("data").path("resource");
        return switch (event.path("type").asText()) {
            case "coupon.issued" -> new Fact("issued", resource.path("coupon_code").textValue(),
                    resource.path("stock_id").textValue());
            case "coupon.redeemed" -> new Fact("redeemed", resource.path("coupon_id").textValue(),
                    resource.path("consume_information").path("transaction_id").textValue());
            case "refund.succeeded" -> new Fact("refunded", resource.path("refund_id").textValue(),
                    resource.path("transaction_id").textValue());
            default -> null;
        };
    }

    private static boolean isText(String value) {
        return value != null && value.matches("[\\w-]{1,64}");
    }

    private void apply(String id, Fact fact) {
        // webhook-id recognises repeats of a delivery. The fact recognises an event that WeChat Pay
        // sent under two ids.
        if (!isFirst(id) || !isFirst(fact.kind + "/" + fact.number + "/" + fact.belongsTo)) return;
        // Your work goes here, in this transaction. Events may arrive in any order, a refund before
        // its redemption: add what happened, and let no event overwrite another.
        jdbc.update("INSERT INTO bookings VALUES (?, ?, ?)", fact.kind, fact.number, fact.belongsTo);
        LOG.info(fact.kind + " " + fact.number + " (" + fact.belongsTo + ")");
    }

    /** Returns true the first time that it is called with this key. The primary key decides. */
    private boolean isFirst(String key) {
        try {
            jdbc.update("INSERT INTO applied VALUES (?)", (Object) key.getBytes(UTF_8));
            return true;
        } catch (DuplicateKeyException repeated) {
            return false;
        }
    }
}
