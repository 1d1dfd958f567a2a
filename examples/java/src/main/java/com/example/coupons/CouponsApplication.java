package com.example.coupons;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class CouponsApplication {
    public static void main(String[] args) {
        SpringApplication.run(CouponsApplication.class, args);
    }
}
