package org.springframework.boot.autoconfigure;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Stand-in for Spring Boot's annotation of this name. */
@Retention(RetentionPolicy.RUNTIME)
public @interface SpringBootApplication {}
