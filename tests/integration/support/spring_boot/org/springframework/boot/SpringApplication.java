package org.springframework.boot;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.net.InetSocketAddress;
import java.util.Properties;
import javax.sql.DataSource;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.h2.jdbcx.JdbcConnectionPool;
import org.springframework.context.annotation.Bean;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.env.PropertiesPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * Stand-in for Spring Boot, which Debian does not have: runs an application on Debian's Spring
 * Framework, Jetty and H2, with the beans that Spring Boot would make from application.properties.
 */
public final class SpringApplication {
    private static final AnnotationConfigWebApplicationContext context =
            new AnnotationConfigWebApplicationContext();

    private SpringApplication() {}

    /** The beans that Spring Boot makes for web and JDBC applications. */
    static class Beans {
        @Bean
        static PropertySourcesPlaceholderConfigurer placeholders() {
            return new PropertySourcesPlaceholderConfigurer();
        }

        @Bean
        DataSource dataSource() {
            DataSource made = JdbcConnectionPool.create(property("spring.datasource.url"), "sa", "");
            new ResourceDatabasePopulator(new ClassPathResource("schema.sql")).execute(made);
            return made;
        }

        @Bean
        JdbcTemplate jdbcTemplate(DataSource source) {
            return new JdbcTemplate(source);
        }

        @Bean
        TransactionTemplate transactionTemplate(DataSource source) {
            return new TransactionTemplate(new DataSourceTransactionManager(source));
        }

        @Bean
        ObjectMapper objectMapper() {
            return new ObjectMapper();
        }

        @Bean
        RequestMappingHandlerMapping handlerMapping() {
            return new RequestMappingHandlerMapping();
        }

        @Bean
        RequestMappingHandlerAdapter handlerAdapter() {
            return new RequestMappingHandlerAdapter();
        }
    }

    public static void run(Class<?> application, String[] arguments) {
        try {
            start(application);
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    private static void start(Class<?> application) throws Exception {
        Properties properties =
                PropertiesLoaderUtils.loadProperties(new ClassPathResource("application.properties"));
        context.getEnvironment().getPropertySources()
                .addLast(new PropertiesPropertySource("application", properties));
        context.register(Beans.class);
        registerComponents(application);
        String address = property("server.address");
        Server server = new Server(
                new InetSocketAddress(address, Integer.parseInt(property("server.port"))));
        ServletContextHandler handler = new ServletContextHandler(server, "/");
        ServletHolder servlet = new ServletHolder(new DispatcherServlet(context));
        servlet.setInitOrder(1);  // at the start, not at the first request
        handler.addServlet(servlet, "/");
        server.start();
    }

    private static String property(String name) {
        return context.getEnvironment().getRequiredProperty(name);
    }

    /**
     * Registers the components in the application's package. Debian's Spring 4.3 cannot scan
     * classes that a current Java compiler made, so this lists the files.
     */
    private static void registerComponents(Class<?> application) throws Exception {
        File folder = new File(application.getResource(".").toURI());
        for (String file : folder.list((unused, name) -> name.endsWith(".class"))) {
            String name = file.substring(0, file.length() - ".class".length());
            Class<?> found = Class.forName(application.getPackage().getName() + "." + name);
            if (AnnotatedElementUtils.hasAnnotation(found, Component.class)) context.register(found);
        }
    }
}
