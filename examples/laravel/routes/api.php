<?php

use App\Http\Controllers\CouponController;
use App\Http\Middleware\VerifyCouponhookSignature;
use Illuminate\Support\Facades\Route;

// Without Laravel's limit of 60 requests a minute for one address: all events come from couponhook's.
Route::post('/coupons', CouponController::class)
    ->middleware(VerifyCouponhookSignature::class)
    ->withoutMiddleware('throttle:api');
