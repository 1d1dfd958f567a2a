<?php

namespace App\Http;

use Illuminate\Foundation\Http\Kernel as HttpKernel;
use Illuminate\Foundation\Http\Middleware;
use Illuminate\Routing\Middleware as Routing;

/** The middleware that a new Laravel 8 application applies to routes/api.php. */
class Kernel extends HttpKernel
{
    protected $middleware = [
        Middleware\PreventRequestsDuringMaintenance::class,
        Middleware\ValidatePostSize::class,
        Middleware\TrimStrings::class,
        Middleware\ConvertEmptyStringsToNull::class,
    ];

    protected $middlewareGroups = [
        'api' => ['throttle:api', Routing\SubstituteBindings::class],
    ];

    protected $routeMiddleware = [
        'throttle' => Routing\ThrottleRequests::class,
    ];
}
