"""Names of countries, and of states of the US and the UK, in English: they separate `Paris, France` from `red, white`."""

_COUNTRIES = (
    "Afghanistan, Albania, Algeria, Andorra, Angola, Argentina, Armenia, Australia, Austria, Azerbaijan, Bahamas, "
    "Bahrain, Bangladesh, Barbados, Belarus, Belgium, Belize, Benin, Bermuda, Bhutan, Bolivia, Bosnia, Botswana, Brazil, "
    "Brunei, Bulgaria, Burma, Burundi, Cambodia, Cameroon, Canada, Chad, Chile, China, Colombia, Congo, Croatia, Cuba, "
    "Cyprus, Czechia, Denmark, Djibouti, Ecuador, Egypt, England, Eritrea, Estonia, Eswatini, Ethiopia, Fiji, Finland, "
    "France, Gabon, Gambia, Georgia, Germany, Ghana, Greece, Greenland, Grenada, Guatemala, Guinea, Guyana, Haiti, "
    "Honduras, Hungary, Iceland, India, Indonesia, Iran, Iraq, Ireland, Israel, Italy, Jamaica, Japan, Jordan, "
    "Kazakhstan, Kenya, Kiribati, Kosovo, Kuwait, Kyrgyzstan, Laos, Latvia, Lebanon, Lesotho, Liberia, Libya, "
    "Liechtenstein, Lithuania, Luxembourg, Madagascar, Malawi, Malaysia, Maldives, Mali, Malta, Mauritania, Mauritius, "
    "Mexico, Moldova, Monaco, Mongolia, Montenegro, Morocco, Mozambique, Myanmar, Namibia, Nauru, Nepal, Netherlands, "
    "Nicaragua, Niger, Nigeria, Norway, Oman, Pakistan, Palau, Palestine, Panama, Paraguay, Peru, Philippines, Poland, "
    "Portugal, Qatar, Romania, Russia, Rwanda, Samoa, Scotland, Senegal, Serbia, Seychelles, Singapore, Slovakia, "
    "Slovenia, Somalia, Spain, Sudan, Suriname, Sweden, Switzerland, Syria, Taiwan, Tajikistan, Tanzania, Thailand, Togo, "
    "Tonga, Tunisia, Turkey, Turkmenistan, Tuvalu, Uganda, Ukraine, Uruguay, Uzbekistan, Vanuatu, Venezuela, Vietnam, "
    "Wales, Yemen, Zambia, Zimbabwe, UK, USA, U.K., U.S., U.S.A., US, UAE, Burkina Faso, Cape Verde, Costa Rica, Czech "
    "Republic, Dominican Republic, East Timor, El Salvador, Hong Kong, Ivory Coast, New Zealand, North Korea, North "
    "Macedonia, Northern Ireland, Papua New Guinea, Puerto Rico, San Marino, Saudi Arabia, Sierra Leone, Solomon Islands, "
    "South Africa, South Korea, South Sudan, Sri Lanka, the Netherlands, the Philippines, the United Kingdom, the United "
    "States, United Arab Emirates, United Kingdom, United States, Vatican City"
)
_STATES = (
    "Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Hawaii, Idaho, Illinois, "
    "Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan, Minnesota, Mississippi, "
    "Missouri, Montana, Nebraska, Nevada, Ohio, Oklahoma, Oregon, Pennsylvania, Tennessee, Texas, Utah, Vermont, "
    "Virginia, Washington, Wisconsin, Wyoming, Ontario, Quebec, AL, AK, AZ, AR, CA, CO, CT, DC, DE, FL, GA, HI, IA, ID, "
    "IL, IN, KS, KY, LA, MA, MD, ME, MI, MN, MO, MS, MT, NC, ND, NE, NH, NJ, NM, NV, NY, OH, OK, OR, PA, RI, SC, SD, TN, "
    "TX, UT, VA, VT, WA, WI, WV, WY, British Columbia, New Hampshire, New Jersey, New Mexico, New South Wales, New York, "
    "North Carolina, North Dakota, Rhode Island, South Carolina, South Dakota, West Virginia"
)

COUNTRIES = tuple(_COUNTRIES.split(", "))
STATES = tuple(_STATES.split(", "))
