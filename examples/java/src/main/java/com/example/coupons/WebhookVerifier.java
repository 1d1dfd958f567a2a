package com.example.coupons;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Verifies the signatures of couponhook (Standard Webhooks). */
@Component
class WebhookVerifier {
    private static final long TOLERANCE_S = 300;

    private final Path secretFile;

    WebhookVerifier(@Value("${coupons.secret-file}") String secretFile) {
        this.secretFile = Path.of(secretFile);
    }

    /** Returns true if one of the secrets signed this request within the last five minutes. */
    boolean isAuthentic(String id, String timestamp, String signatures, byte[] body)
            throws IOException, GeneralSecurityException {
        if (!timestamp.matches("[0-9]{1,12}")) return false;
        long age = Instant.now().getEpochSecond() - Long.parseLong(timestamp);
        if (Math.abs(age) > TOLERANCE_S) return false;
        // While you replace the secret the file holds two, one to a line, and either may sign.
        for (String secret : Files.readString(secretFile).strip().split("\\s+")) {
            byte[] key = Base64.getDecoder().decode(secret.replaceFirst("^whsec_", ""));
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(UTF_8));
            String expected = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
            for (String given : signatures.split(" ")) {
                if (MessageDigest.isEqual(expected.getBytes(UTF_8), given.getBytes(UTF_8))) return true;
            }
        }
        return false;
    }
}
