<?php

return [
    // The file with the secret that couponhook signs with, whsec_…
    'secret_file' => env('COUPONHOOK_SECRET_FILE'),
];
