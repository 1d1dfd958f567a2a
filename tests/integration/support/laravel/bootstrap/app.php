<?php
// A minimal Laravel 8 application on Debian's package php-laravel-framework. The tests copy
// examples/laravel/ into it.

require_once 'Illuminate/autoload.php';

// Composer's part: the namespace App is the folder app/.
spl_autoload_register(function ($class) {
    $file = dirname(__DIR__).'/'.lcfirst(strtr($class, '\\', '/')).'.php';
    if (strncmp($class, 'App\\', 4) === 0 && is_file($file)) {
        require $file;
    }
});

$app = new Illuminate\Foundation\Application(dirname(__DIR__));
$app->singleton(Illuminate\Contracts\Http\Kernel::class, App\Http\Kernel::class);
$app->singleton(Illuminate\Contracts\Console\Kernel::class, Illuminate\Foundation\Console\Kernel::class);
$app->singleton(
    Illuminate\Contracts\Debug\ExceptionHandler::class,
    Illuminate\Foundation\Exceptions\Handler::class
);

return $app;
